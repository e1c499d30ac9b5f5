from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("wagtail_sourcegroups", "0004_runs_shown"),
    ]

    operations = [
        migrations.AddField(
            model_name="renditionrecord",
            name="thumbnail",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="filerendition",
            name="thumbnail",
            field=models.BooleanField(default=False),
        ),
    ]
